"""A Jupyter Server extension: the start page is made anew whenever it is opened, and JupyterLab finds our custom.css.

Like `course_lib.nodelay` it is enabled by the package's own jupyter_server_config.d file, and by the course's .jupyter
folder.
"""

from pathlib import Path

from course_lib import copies, start


def _jupyter_server_extension_points():
    return [{"module": __name__}]


def _load_jupyter_server_extension(server):
    contents, get = server.contents_manager, server.contents_manager.get

    def opened(path, content=True, **more):
        page = Path(contents.root_dir, path.strip("/"))
        if content and page.parts[-2:] == ("mine", start.NAME) and (page.parents[1] / "course.py").exists():
            try:
                copies.write_start_page(page.parents[1])
            except (OSError, ValueError, KeyError, TypeError) as error:  # an older page is better than none
                server.log.warning("The start page could not be made anew: %r", error)
        return get(path, content=content, **more)

    contents.get = opened
    custom = Path(__file__).parents[1] / ".jupyter" / "custom"
    server.web_app.settings["static_custom_path"].insert(0, str(custom))
