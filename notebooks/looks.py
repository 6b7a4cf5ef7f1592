"""How the tutorials look: colours, plain axes, tables and figures that can stand alone."""

import matplotlib.pyplot as plt

PURPLE, TEAL, MAGENTA, GREY = "#3F3685", "#1E7F84", "#9B4393", "#948DA3"


def use_plain_axes():
    """Axes without a box, titles at the left: for all figures that follow."""
    plt.rcParams.update(
        {
            "figure.constrained_layout.use": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlelocation": "left",
            "axes.titleweight": "bold",
            "figure.dpi": 110,
        }
    )


def show(frame, caption):
    """A table whose caption says what it holds, in which unit and from where."""
    return (
        frame.style.hide(axis="index")
        .set_caption(caption)
        .format(precision=2, thousands=",", na_rep="")
        .set_table_styles([{"selector": "td, th", "props": "text-align: left; vertical-align: top"}])
    )


def footnote(figure, text):
    """The source, and the kind of interval, under a figure."""
    figure.supxlabel(text, fontsize=7.5, x=0.01, ha="left", color="#5A5466")
