from django.urls import path

from .views import exchange, merging, office, report

app_name = "oversight"
urlpatterns = [
    path("overdue/", office.overdue, name="overdue"),
    path("reminders/", office.reminders, name="reminders"),
    path("reminders/new/", office.remind, name="remind"),
    path("reminders/<int:pk>/", office.reminder, name="reminder"),
    path("reminders/<int:pk>/reply/", office.reply, name="reply"),
    path("merging/", merging.merges, name="merging"),
    path("merging/match/", merging.match, name="match"),
    path("merging/<uuid:pk>/", merging.merge, name="merge"),
    path("merging/<uuid:pk>/agree/", merging.agree, name="agree_to_merge"),
    path("merging/<uuid:pk>/decline/", merging.decline, name="decline_merge"),
    path("exchange/", exchange.overview, name="exchange"),
    path("exchange/back/", exchange.look, name="exchange_look"),
    path("exchange/files/<int:pk>/", exchange.platform_file, name="platform_file"),
    path("exchange/files/<int:pk>/commit/", exchange.commit, name="commit_file"),
    path("exchange/files/<int:pk>/undo/", exchange.undo, name="undo_file"),
    path("exchange/files/<int:pk>/faults.xlsx", exchange.faults, name="file_faults"),
    path("exchange/<slug:kind>/", exchange.overview, name="exchange_kind"),
    path("exchange/<slug:kind>/file/", exchange.export, name="exchange_file"),
    path("exchange/<slug:kind>/columns/", exchange.columns, name="exchange_map"),
    path("exchange/<slug:kind>/columns/reset/", exchange.reset, name="reset_map"),
    path("reports/", report.year, name="report"),
    path("reports/<int:year>/", report.year, name="report_year"),
    path("reports/<int:year>/report.docx", report.document, name="report_docx"),
    path("reports/<int:year>/report.xlsx", report.workbook, name="report_xlsx"),
    path("oversight/log/", office.log, name="log"),
    path("oversight/log/<int:index>/", office.entry, name="entry"),
]
