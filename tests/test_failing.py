from adk_nb.failing import Failing


def test_the_first_failure_is_printed_whole_then_each_tenth_power():
    failing, made = Failing(), []

    def traceback():
        made.append(1)
        return "Traceback"

    told = [
        failing.printed(print, ValueError(str(n)), "It failed.", traceback) for n in range(1000)
    ]
    assert [(n, text) for n, text in enumerate(told, 1) if text] == [
        (1, "It failed.\nTraceback"),
        (10, "It failed. It has failed 10 times."),
        (100, "It failed. It has failed 100 times."),
        (1000, "It failed. It has failed 1000 times."),
    ]
    assert made == [1]


def test_another_function_and_another_error_are_told_by_themselves():
    failing = Failing()
    for function, error in [(print, ValueError()), (print, KeyError()), (len, ValueError())]:
        assert failing.printed(function, error, "It failed.", lambda: "T") == "It failed.\nT"
        assert not failing.printed(function, error, "It failed.", lambda: "T")
