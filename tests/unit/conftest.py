"""The ring without a database: compiled kernels are slow at their first call, never after."""

from hypothesis import settings

settings.register_profile("unit", deadline=None)
settings.load_profile("unit")
