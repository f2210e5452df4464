"""The team's pages of chats, under /team/."""

from django.urls import URLPattern, path

from chat.views import beside, desk, settings

urlpatterns: list[URLPattern] = [
    path("chats/", desk.desk, name="chat-desk"),
    path("chats/wartende/", desk.call, name="chat-call"),
    path("chats/<uuid:case>/nehmen/", desk.take, name="chat-take"),
    path("chats/<uuid:case>/schreiben/", desk.write, name="chat-write"),
    path("chats/<uuid:case>/weitergeben/", desk.pass_on, name="chat-pass-on"),
    path("chats/<uuid:case>/beenden/", desk.finish, name="chat-finish"),
    path("chats/<uuid:case>/dabei/", beside.beside, name="chat-beside"),
    path("chats/<uuid:case>/dazukommen/", beside.join, name="chat-join"),
    path("chats/<uuid:case>/leitung/", desk.poll, name="chat-team-poll"),
    path("einstellungen/chat/", settings.rules, name="chat-rules"),
]
