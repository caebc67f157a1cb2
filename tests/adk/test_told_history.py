from google.genai import types

from adk_nb.adk.told_history import as_text, called, in_pairs, in_words, returned


def content(role, *parts):
    return types.Content(role=role, parts=list(parts))


def text(words):
    return types.Part(text=words)


def call(call_id="a", name="get_weather", **args):
    return types.Part(function_call=types.FunctionCall(id=call_id, name=name, args=args))


def result(call_id="a", name="get_weather", **response):
    return types.Part(
        function_response=types.FunctionResponse(id=call_id, name=name, response=response)
    )


def shown(history):
    return [(one.role, [part.text or "raw" for part in one.parts]) for one in history]


def test_calls_and_results_are_told_in_words():
    history = [
        content("user", text("Rome?")),
        content("model", text("Let me see."), call(city="Rome")),
        content("user", result(sky="clear")),
        content("model", text("It is clear.")),
    ]
    assert shown(in_words(history)) == [
        ("user", ["Rome?"]),
        ("model", ["Let me see.", "(called get_weather(city='Rome'))"]),
        ("user", ['(get_weather was called; it returned {"sky": "clear"})']),
        ("model", ["It is clear."]),
    ]
    assert history[1].parts[1].function_call is not None, "ADK's own history stays as it is"


def test_a_text_model_keeps_calls_with_all_their_results():
    pair = [content("model", call("a"), call("b")), content("user", result("a"), result("b"))]
    assert in_pairs(pair) == pair


def test_and_gets_in_words_what_is_alone():
    history = [
        content("user", text("hi")),
        content("model", call("a", city="Rome")),
        content("user", text("never mind")),
        content("user", result("b", sky="clear")),
    ]
    assert shown(in_pairs(history)) == [
        ("user", ["hi"]),
        ("model", ["(called get_weather(city='Rome'))"]),
        ("user", ["never mind"]),
        ("user", ['(get_weather was called; it returned {"sky": "clear"})']),
    ]


def test_half_of_the_results_is_no_pair():
    history = [content("model", call("a"), call("b")), content("user", result("a"))]
    assert not any(part.function_call for one in in_pairs(history) for part in one.parts)


def test_long_results_are_shortened():
    assert returned("x" * 5000) == f"it returned {'x' * 2000} …"
    assert called("f", {"a": 1, "b": "c"}) == "f(a=1, b='c')"


def test_a_model_is_asked_to_go_on():
    told = as_text("Rome?", [("get_weather", {"city": "Rome"}, {"sky": "clear"})])
    assert "'Rome?'" in told
    assert """You called get_weather(city='Rome'); it returned {"sky": "clear"}.""" in told
    assert told.endswith("Do not make these calls again. Go on with the answer.")
