"""What the errors of a model mean, by their codes, and what to do about them."""

from __future__ import annotations

from dataclasses import dataclass

_LOCAL = "adk_nb.local_model()"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an error means: a short stable name, a sentence, and what to do about it."""

    code: str
    meaning: str
    remedy: str


MEANINGS = {
    one.code: one
    for one in (
        Meaning(
            "no_credentials",
            "The model cannot be reached: there is no key for it.",
            "Write GOOGLE_API_KEY=... into a .env file beside the notebook; for Vertex AI set "
            "GOOGLE_CLOUD_PROJECT and GOOGLE_CLOUD_LOCATION, and run `gcloud auth "
            f"application-default login` in a terminal. Or use {_LOCAL}.",
        ),
        Meaning(
            "bad_credentials",
            "The model cannot be reached: the API does not accept the key.",
            "Check GOOGLE_API_KEY against https://aistudio.google.com/apikey, correct it in the "
            ".env file, and run the cell again.",
        ),
        Meaning(
            "expired_credentials",
            "The model cannot be reached: the key or the login has expired.",
            "Make a new key at https://aistudio.google.com/apikey, or run `gcloud auth "
            "application-default login` for Vertex AI.",
        ),
        Meaning(
            "permission_denied",
            "The model cannot be reached: the key or the account may not use it.",
            "See in the Google Cloud console that the API is enabled and that the key, the "
            "account and the region are allowed to use the model.",
        ),
        Meaning(
            "model_not_found",
            "The model cannot be reached: there is no live model of that name here.",
            f"adk_nb.models() lists those that the key offers; or use {_LOCAL}.",
        ),
        Meaning(
            "invalid_argument",
            "The model refused what it was asked for.",
            "Look at the session's options and at the tools' parameters: not every model "
            "supports all; docs/gemini.md says which.",
        ),
        Meaning(
            "quota",
            "The model's quota is used up.",
            "Wait a minute and say it again; see https://ai.google.dev/gemini-api/docs/rate-limits "
            "for the limits, and close sessions that are not needed.",
        ),
        Meaning(
            "unavailable",
            "The model's service is not available at the moment.",
            "Say it again in a while; the next turn connects again.",
        ),
        Meaning(
            "internal_error",
            "The model's service failed within.",
            "Say it again; the next turn connects again. If that goes on, try another model, or "
            "fewer tools and a shorter instruction.",
        ),
        Meaning(
            "session_limit",
            "The model's time limit for a session or for an answer was reached.",
            "Say it again; the next turn connects again. For long conversations leave "
            "resumption on and turn context-window compression on.",
        ),
        Meaning(
            "session_not_found",
            "The model does not know the session that was to be resumed.",
            "Say it again; the next turn begins a new one with the history so far.",
        ),
        Meaning(
            "connection_refused",
            "The model closed the connection: what was sent is against its rules.",
            "Look at the reason; a new turn connects again.",
        ),
        Meaning(
            "operation_refused",
            "The model's service closed the connection, and does not say over what.",
            "Say it again; the next turn connects again. It happens in the middle of conversations "
            "with nothing wrong here. If it comes at once each time, the model lacks something "
            "that the session asks for: docs/gemini.md says what each model has.",
        ),
        Meaning(
            "connection_lost",
            "The connection to the model was lost.",
            "Check the network; the next turn connects again.",
        ),
        Meaning(
            "connection_closed",
            "The model ended the connection.",
            "Say it again; the next turn connects again.",
        ),
        Meaning(
            "no_network",
            "The model cannot be reached: there is no way to its address.",
            f"Check the network and the proxy, or use {_LOCAL}.",
        ),
        Meaning(
            "timeout",
            "The model did not answer in time.",
            f"Check the network and say it again, or use {_LOCAL}.",
        ),
        Meaning(
            "certificate",
            "The model cannot be reached: its certificate could not be verified.",
            "Point SSL_CERT_FILE at the right certificates; `python -m certifi` prints where "
            "there are some, a company's proxy may need its own.",
        ),
    )
}

MISSING_PACKAGE = Meaning(
    "missing_package",
    "The conversation failed: a package is missing.",
    "Install what the error names, and run the cell again.",
)
UNKNOWN = Meaning(
    "model_failed",
    "The conversation failed.",
    "The next turn connects again; if it fails too, mend what the error names.",
)
