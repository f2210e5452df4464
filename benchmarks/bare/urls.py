"""A form that inserts one row and redirects."""

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.template import Context, Template
from django.urls import path
from django.views.decorators.csrf import csrf_protect

from benchmarks.bare.models import Question

PAGE = "<form method=post>{% csrf_token %}{{ form.as_p }}<button>OK</button></form>"


class QuestionForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """One field."""

    class Meta:
        model = Question
        fields = ["text"]


@csrf_protect
def ask(request: HttpRequest) -> HttpResponse:
    """Show the form, or insert a row and redirect."""
    form = QuestionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        return HttpResponseRedirect("/thanks/")
    context = Context({"form": form, "csrf_token": get_token(request)})
    return HttpResponse(Template(PAGE).render(context))


def thanks(request: HttpRequest) -> HttpResponse:
    """Say thanks."""
    return HttpResponse("Thanks")


urlpatterns = [path("", ask), path("thanks/", thanks)]
