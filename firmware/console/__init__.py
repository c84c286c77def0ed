"""The serial console's commands: a line in, lines out. Loaded when the first line comes.

Nothing of the firmware is imported here, all of it is reached through the application: in the
linked image these modules stay apart, and can leave the heap again.
"""
