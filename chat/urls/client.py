"""The client's pages of chats, below an organisation's address. No address ever names a case."""

from django.urls import URLPattern, path

from chat.views import entering, room

urlpatterns: list[URLPattern] = [
    path("chat/", entering.enter, name="chat"),
    path("gespraech/chat/", room.room, name="chat-room"),
    path("gespraech/chat/beginnen/", room.begin, name="chat-begin"),
    path("gespraech/chat/sagen/", room.say, name="chat-say"),
    path("gespraech/chat/weiter/", room.go, name="chat-go"),
    path("gespraech/chat/leitung/", room.poll, name="chat-poll"),
]
