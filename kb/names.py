"""What tags and entities are called, by their ids: (id, slug, name), in no order."""

from kb.among import ByIds
from kb.models import Entity, Tag

tag_names = ByIds(lambda ids: Tag.objects.filter(pk__among=ids).order_by().values_list("pk", "slug", "name"))
entity_names = ByIds(lambda ids: Entity.objects.filter(pk__among=ids).order_by().values_list("pk", "slug", "name"))
