"""Questions asked of the mirror: the mirror goes in, results that draw themselves come out. Nothing here writes."""

from mhc_lab.core import lean as lean  # before altair, which would wait for what it leaves out
