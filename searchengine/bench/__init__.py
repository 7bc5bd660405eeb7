"""How fast the program is on this machine, figure by figure, each beside the least that it could take.

Everything is measured on photos and libraries of its own, in a folder that is gone afterwards.
"""
