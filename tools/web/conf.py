"""How Sphinx makes the pages: https addresses appear nowhere, so a reader's browser asks nobody else."""

project = "Optimizers, measured"
author = "The authors of the course"
copyright = "the authors of the course. Code: BSD 3-Clause. Text and figures: CC BY 4.0"
extensions = ["myst_nb"]
exclude_patterns = []
show_warning_types = True

nb_execution_mode = "off"
nb_ipywidgets_js = {}  # they would come from elsewhere; a widget has left its still picture
nb_render_markdown_format = "myst"
nb_code_prompt_show, nb_code_prompt_hide = "Show the code", "Hide the code"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 4
myst_update_mathjax = False

mathjax_path = "mathjax/tex-chtml-full.js"
mathjax3_config = {
    "tex": {"inlineMath": [["\\(", "\\)"], ["$", "$"]], "processEscapes": True},
    "options": {"ignoreHtmlClass": "tex2jax_ignore", "processHtmlClass": "tex2jax_process|mathjax_process|math|output"},
}

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["_static"]
html_css_files = ["course.css"]
html_copy_source = False
html_show_sphinx = False
html_favicon = "_static/icon.svg"
html_context = {"default_mode": "auto"}
html_theme_options = {
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "home_page_in_toc": True,
    "navbar_persistent": [],
}
