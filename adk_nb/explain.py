"""What a model's or ADK's errors mean, and what to do about them."""

from __future__ import annotations

from adk_nb.exceptions import AdkNbError, ModelError

_REMEDIES = (
    # What the error says, its code here, and what to do.
    ("no module named", "model_failed", "Install what it names, and run the cell again."),
    ("model not found", "model_not_found", "Check the model's name, or use adk_nb.local_model()."),
    ("is not found for api version", "model_not_found",
     "Check the model's name, or use adk_nb.local_model()."),
    ("missing key", "no_credentials",
     "Set GOOGLE_API_KEY in the environment or in a .env file, or use adk_nb.local_model()."),
    ("api key not valid", "bad_credentials", "Check GOOGLE_API_KEY."),
    ("no api_key", "no_credentials",
     "Set GOOGLE_API_KEY in the environment or in a .env file, or use adk_nb.local_model()."),
    ("getaddrinfo", "no_network", "Check the network, or use adk_nb.local_model()."),
    ("name or service not known", "no_network",
     "Check the network, or use adk_nb.local_model()."),
    ("certificate verify failed", "certificate", "Point SSL_CERT_FILE at the right certificates."),
)  # fmt: skip


def explain(error: BaseException) -> AdkNbError:
    """Returns an error of ours for one of a model's or of ADK's, with what to do about it."""
    if isinstance(error, AdkNbError):
        return error
    text = f"{type(error).__name__}: {error}".strip()
    for sign, code, remedy in _REMEDIES:
        if sign in text.lower():
            return ModelError(f"The model cannot be reached. {text}", remedy=remedy, code=code)
    return ModelError(
        f"The conversation with the model failed. {text}",
        remedy="The next turn connects again; if it fails too, mend what the error names.",
    )
