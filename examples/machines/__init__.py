"""Machines with a real Debian on them: a root file system of their own each, network, process, mount and host
name namespaces, OpenSSH's server, and a small supervisor as init. Made by root, on Debian.

Their restart is simulated: all that runs on the machine ends and starts anew, but the kernel underneath
stays. So that this shows as it does on a real machine, a file that the supervisor writes anew at each start
stands for the kernel's boot identity, which namespaces would share.
"""

from machines.base import NoMachines, base_root, why_not
from machines.machine import Machine, Role, running

__all__ = ["Machine", "NoMachines", "Role", "base_root", "running", "why_not"]
