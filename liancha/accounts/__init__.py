"""Departments, people, roles and what each role may do (Measures, arts. 2, 6 and 10).

A department belongs to one region of Luoyang and one level; a person to one department. What a
person may do is read off one table of roles (`permissions.ROLES`); which records they may see is
said by QuerySet scopes in the rooms. Nobody is deleted here: people and departments are closed.
"""
