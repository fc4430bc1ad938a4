"""Many machines: a submission as an errand, who may run it, and the driver that sends it."""
