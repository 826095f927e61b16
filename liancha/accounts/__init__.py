"""Departments, people, roles and what each role may do (Measures, arts. 2, 6 and 10).

A department belongs to one region of Luoyang and one level; a person to one department. What a
person may do is read off one table of roles (`permissions.ROLES`); which records they may see is
said by QuerySet scopes in the rooms. Nobody is deleted here: people and departments are closed.

As every door asks this room who is there, what all doors share stands here too: `permissions`,
`words` for a line somebody wrote, and `again`, a page once more with what was typed in it.
"""
