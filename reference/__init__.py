"""The reference: layers, losses, optimisers, networks and data in NumPy alone. A pure core that the courses' conventions wrap.

Forward functions come with their backward; running averages and optimiser state are returned, never stored; inputs are never
modified; randomness comes in as an argument. Knows no course (`reference.conventions` does) and no grader.
"""
