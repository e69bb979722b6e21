"""The parts that an entity can have in an entry."""

from django.db import models


class Role(models.TextChoices):
    """In the order in which pages name them."""

    DEVELOPER = "developer", "Developer"
    DEPLOYER = "deployer", "Deployer"
    HARMED = "harmed", "Harmed"
    SYSTEM = "system", "System"
    COMPANY = "company", "Company"
    AUTHOR = "author", "Author"
