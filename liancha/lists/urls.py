from django.urls import path, register_converter

from .models import Import, ListVersion
from .views import compare, imports, office, public, sources


class Kind:
    """joint or items, as they stand in addresses."""

    regex = "|".join(ListVersion.Kind.values)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return str(value)


class Table(Kind):
    """joint, items or upper."""

    regex = "|".join(Import.Kind.values)


table = imports.table
register_converter(Kind, "list_kind")
register_converter(Table, "list_table")

app_name = "lists"
urlpatterns = [
    path("lists/joint/", office.joint, name="joint"),
    path("lists/items/", office.items, name="items"),
    path("lists/bases/", sources.bases, name="bases"),
    path("lists/duties/", sources.duties, name="duties"),
    path("lists/mechanisms/", sources.mechanisms, name="mechanisms"),
    path("lists/upper/", sources.uppers, name="uppers"),
    path("lists/joint/<int:pk>/upper/", sources.decisions, name="decisions"),
    path("lists/joint/<int:pk>/upper/decide/", sources.decide, name="decide_upper"),
    path("lists/<list_kind:kind>/compare/", compare.compare, name="compare"),
    path("lists/<list_kind:kind>/new/", office.new_version, name="new_version"),
    path("lists/<list_kind:kind>/<int:pk>/", office.version, name="version"),
    path("lists/versions/<int:pk>/export/", office.export, name="export"),
    path("lists/<list_kind:kind>/<int:pk>/import/", imports.upload, name="upload"),
    path("lists/<list_table:kind>/imports/<int:pk>/", table.show, name="show_import"),
    path("lists/<list_table:kind>/imports/<int:pk>/check/", table.check, name="check_import"),
    path(
        "lists/<list_table:kind>/imports/<int:pk>/commit/",
        table.commit,
        name="commit_import",
    ),
    path(
        "lists/<list_table:kind>/imports/<int:pk>/give-up/",
        table.give_up,
        name="give_up_import",
    ),
    path("lists/<list_table:kind>/imports/<int:pk>/undo/", table.undo, name="undo_import"),
    path(
        "lists/<list_table:kind>/imports/<int:pk>/faults.xlsx",
        table.faults,
        name="import_faults",
    ),
    path("lists/<list_table:table>/template.xlsx", imports.template, name="template"),
    path("lists/joint/<int:pk>/fields/new/", office.new_field, name="new_field"),
    path("lists/items/<int:pk>/rows/new/", office.new_item, name="new_item"),
    path("lists/versions/<int:pk>/consult/", office.consult, name="consult"),
    path("lists/versions/<int:pk>/send-back/", office.send_back, name="send_back"),
    path("lists/versions/<int:pk>/cosign/", office.cosign, name="cosign"),
    path("lists/versions/<int:pk>/approve/", office.approve, name="approve"),
    path("lists/versions/<int:pk>/publish/", office.publish, name="publish"),
    path("lists/joint/fields/<int:pk>/", office.edit_field, name="edit_field"),
    path("lists/joint/fields/<int:pk>/remove/", office.remove_field, name="remove_field"),
    path("lists/items/rows/<int:pk>/", office.edit_item, name="edit_item"),
    path("lists/items/rows/<int:pk>/remove/", office.remove_item, name="remove_item"),
    path("public/lists/", public.lists, name="public"),
    path("public/lists/<list_kind:kind>/compare/", compare.public_compare, name="public_compare"),
    path("public/lists/<int:pk>/", public.version, name="public_version"),
    path("public/lists/<int:pk>/xlsx/", public.sheet, name="public_sheet"),
    path("public/lists/<int:pk>/json/", public.data, name="public_data"),
]
