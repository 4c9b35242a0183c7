"""The explanation sentence of a signal, in the language of its text."""

from contract.signal import Signal
from core.reading import Reading

_REASONS = {
    "en": {
        "empty": "The text has no words; no archetype is named.",
        "no_evidence": "No word of the text speaks for an archetype; none is named.",
        "too_little_evidence": "Too few words of the text are known; no archetype is named.",
    },
    "pt": {
        "empty": "O texto não tem palavras; nenhum arquétipo é nomeado.",
        "no_evidence": "Nenhuma palavra do texto fala por um arquétipo; nenhum é nomeado.",
        "too_little_evidence": "Poucas palavras são conhecidas; nenhum arquétipo é nomeado.",
    },
}
_TEMPLATES = {
    "en": "{label} ({share}): the text says {words}. Regime {regime} (index {index}), bias {bias}.",
    "pt": "{label} ({share}): o texto diz {words}. Regime {regime} (índice {index}), viés {bias}.",
}
_TIES = {"en": "Tied with {}. ", "pt": "Empate com {}. "}


def sentence(signal: Signal, reading: Reading) -> str:
    """Say in one or two sentences what was found and from which words."""
    language = "pt" if signal["language"] == "pt" else "en"
    state = signal["state"]
    if state is None:
        return _REASONS[language][signal["abstain_reason"] or "no_evidence"]
    tied = _TIES[language].format(", ".join(state["tied_with"])) if state["tied_with"] else ""
    return tied + _TEMPLATES[language].format(
        label=state["label"]["pt"] if language == "pt" else state["label"]["en"],
        share=f"{100 * signal['delta12'][state['archetype_id']]:.0f} %",
        words=", ".join(f"'{word}'" for word in reading.terms),
        regime=signal["tw_regime"],
        index=f"{signal['tw']['index']:.2f}",
        bias=f"{signal['bias_score']:.2f}",
    )
