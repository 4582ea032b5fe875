"""Pure rules: values in, values out. Generated examples must not fail because a machine is busy."""

from hypothesis import settings

settings.register_profile("clubcrm", deadline=None)
settings.load_profile("clubcrm")
