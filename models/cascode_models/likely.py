"""From where on a hit is called likely; read by what must start without NumPy."""

#: From a half on a hit is right more often than not.
LIKELY = 0.5
