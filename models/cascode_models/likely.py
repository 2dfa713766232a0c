"""From where on a hit is called likely, and when it is sure; read by what must start without NumPy."""

#: From a half on a hit is right more often than not.
LIKELY = 0.5
#: From three quarters on "nothing matches well" would be wrong above a hit, however its list looks.
SURE = 0.75
