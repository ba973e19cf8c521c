# SPDX-License-Identifier: MIT
"""The simulated Windows host: the daemon behind vmcompute.dll and computenetwork.dll."""
