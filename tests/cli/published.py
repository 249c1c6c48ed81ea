"""A published document of small studies, in the place of a real one."""

PUBLISHED = """
tolerance: {accuracy: 0.010, loss: 0.03}
tanh:
  title: wine, not yet tasted
  refused: refused.yaml
  parameters: {first: {"4-3": 71}}
  figures:
    - {study: first, figure: test_accuracy, published: 2.0, because: no accuracy is above 1}
    - {study: leaked, network: "4-3", figure: peak_val_accuracy, published: 0.5, within: [0, 1]}
  readings:
    - {study: first, stage: widths, published: wide is good}
"""

STUDIES = """
name: first
data: wine
replicates: 2
defaults: {epochs: 3}
stages: {widths: {grid: {hidden: [[4], [8]]}}}
---
name: leaked
data: wine
validation: test
defaults: {epochs: 3}
stages: {widths: {hidden: [4]}}
final: none
"""

REFUSED = """
data: wine
stages: {widths: {epochs: 0}}
"""
