"""The task: a plan line set going, its departments and its scheme (Measures, arts. 13, 17).

A task comes from a published plan line, or from a risk or an order with its document. It has one
field and at least two departments. Its 实施方案 is written by the initiator, confirmed by every
department and approved by the initiator's head before anything is drawn.
"""
