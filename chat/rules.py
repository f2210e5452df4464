"""Who may do what with chats: the chat's part of the permission table."""

from accounts.models import Role
from accounts.rules import define, with_role
from counselling.rules import sends

define(
    {
        # A trainee's words leave only by a second person, which no chat waits for.
        "chat.desk": with_role(*(Role.counselling() - {Role.TRAINEE})),
        "chat.answer": sends,
        "chat.change": with_role(Role.ADMIN),
    }
)
