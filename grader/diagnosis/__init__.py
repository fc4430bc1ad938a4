"""What went wrong: known mistakes matched, numbers described, an error charged once. Never decides what passes."""
