"""From a plan to one recording: clock, time maps, lanes, techniques, voices, master, sheet, and the check of it all.

A mix is the sum of its voices. A voice is a pure function of (audio file, its slot, the transitions at both its ends):
decode, gain, stretch along its time map, lanes. Import what you need from the modules: this package imports nothing.
"""
