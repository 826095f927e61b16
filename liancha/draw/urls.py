from django.urls import path

from .views import ceremony, cosigning, files, pool, staff

app_name = "draw"
urlpatterns = [
    path("draws/", ceremony.draws, name="draws"),
    path("tasks/<int:pk>/pool/", pool.pool, name="pool"),
    path("tasks/<int:pk>/pool/choices/", pool.choose, name="pool_choices"),
    path("tasks/<int:pk>/pool/<int:target>/set-aside/", pool.set_aside, name="set_aside"),
    path("tasks/<int:pk>/pool/<int:target>/take-back/", pool.take_back, name="take_back"),
    path("tasks/<int:pk>/pool/freeze/", pool.freeze, name="freeze"),
    path("tasks/<int:pk>/inspectors/", staff.inspectors, name="inspectors"),
    path("tasks/<int:pk>/inspectors/freeze/", staff.freeze, name="freeze_inspectors"),
    path("draws/<int:pk>/", ceremony.draw, name="draw"),
    path("draws/<int:pk>/live/", ceremony.live, name="live"),
    path("draws/<int:pk>/hall/", ceremony.hall, name="hall"),
    path("draws/<int:pk>/rule/", ceremony.open_rule, name="open_rule"),
    path("draws/<int:pk>/rule.json", ceremony.rule, name="rule"),
    path("draws/<int:pk>/uncosigned/", cosigning.go_on, name="go_on"),
    path("draws/<int:pk>/close/", ceremony.close, name="close"),
    path("draws/<int:pk>/beacon/", ceremony.beacon, name="beacon"),
    path("draws/<int:pk>/picture/", ceremony.picture, name="picture"),
    path("draws/<int:pk>/lock/", ceremony.lock, name="lock"),
    path("draws/<int:pk>/dispatch/", ceremony.dispatch, name="dispatch"),
    path("draws/<int:pk>/void/ask/", ceremony.ask_void, name="ask_void"),
    path("draws/<int:pk>/void/", ceremony.void, name="void"),
    path("draws/<int:pk>/void/compute/", ceremony.compute_void, name="compute_void"),
    path("draws/<int:pk>/staff/", staff.staff, name="staff"),
    path("draws/<int:pk>/files/<str:name>", files.download, name="file"),
    path("parties/<int:pk>/commit/", ceremony.commit, name="commit"),
    path("parties/<int:pk>/reveal/", ceremony.reveal, name="reveal"),
    path("dispatches/<int:pk>/acknowledge/", ceremony.acknowledge, name="acknowledge"),
    path("assignments/<int:pk>/replace/", staff.replace, name="replace"),
    path("replacements/<int:pk>/decide/", staff.decide, name="decide"),
]
