# SPDX-License-Identifier: GPL-2.0
"""For make in-tree-test: one page of a kernel's documentation, by that kernel's extensions."""
import os
import sys

tree = os.environ["srctree"]
sys.path.insert(0, os.path.join(tree, "Documentation", "sphinx"))
project = "objcache"
extensions = ["kerneldoc", "automarkup"]
kerneldoc_bin = os.path.join(tree, "scripts", "kernel-doc")
kerneldoc_srctree = tree
primary_domain = "c"
highlight_language = "none"
c_id_attributes = ["__always_inline", "__percpu", "__user"]
html_theme = "alabaster"
