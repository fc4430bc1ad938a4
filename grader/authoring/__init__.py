"""What authors work with: solution regions, releases, samples, and the students' self-check kit. Runs no student code."""
