"""What is kept on disk under its own digest or key: bytes, evidence, who handed in what. Nothing is ever changed in place."""
