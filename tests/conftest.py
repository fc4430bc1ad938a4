"""Terms of the whole suite: property tests are judged by what they find, not by how fast a shared machine draws examples."""

from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
