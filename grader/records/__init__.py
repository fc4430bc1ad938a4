"""What is written down: the gradebook, people's marks, and files for people and other programs."""
