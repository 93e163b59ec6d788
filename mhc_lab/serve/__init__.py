"""JupyterLab and the Voila dashboards on this machine's loopback, behind a token.

Both are child processes that end with us. Everything they are told stands in files of the home that only its owner can read; neither a
command line nor an environment variable holds a secret.
"""

from mhc_lab.serve.dashboards import Dashboard, Subject, dashboards, subjects
from mhc_lab.serve.server import Served, serve

__all__ = ["Dashboard", "Served", "Subject", "dashboards", "serve", "subjects"]
