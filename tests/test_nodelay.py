"""The server extension is found, loaded, and sends at once; another connection class is left alone."""

import json
import tomllib
from pathlib import Path
from types import SimpleNamespace

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from course_lib import lab, nodelay

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".jupyter" / "jupyter_server_config.d"


def server(connection):
    settings = {"kernel_websocket_connection_class": connection}
    return SimpleNamespace(web_app=SimpleNamespace(settings=settings))


def test_the_extension_takes_the_place_of_the_default_connection():
    app = server(ZMQChannelsWebsocketConnection)
    nodelay._load_jupyter_server_extension(app)
    assert app.web_app.settings["kernel_websocket_connection_class"] is nodelay.PromptConnection


def test_the_extension_leaves_another_connection_alone():
    class Another(ZMQChannelsWebsocketConnection):
        pass

    app = server(Another)
    nodelay._load_jupyter_server_extension(app)
    assert app.web_app.settings["kernel_websocket_connection_class"] is Another


def test_a_connection_turns_the_delay_off_before_it_connects(monkeypatch):
    said = []
    connection = nodelay.PromptConnection.__new__(nodelay.PromptConnection)
    monkeypatch.setattr(
        nodelay.PromptConnection, "websocket_handler", SimpleNamespace(set_nodelay=lambda on: said.append(on))
    )
    monkeypatch.setattr(ZMQChannelsWebsocketConnection, "connect", lambda self: said.append("connected"))
    connection.connect()
    assert said == [True, "connected"]


def test_the_course_and_the_package_enable_it():
    (config,) = FOLDER.glob("*.json")
    names = json.loads(config.read_text(encoding="utf-8"))["ServerApp"]["jpserver_extensions"]
    points = nodelay._jupyter_server_extension_points() + lab._jupyter_server_extension_points()
    assert sorted(names) == sorted(point["module"] for point in points)
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    assert wheel["wheel"]["shared-data"] == {".jupyter/jupyter_server_config.d": "etc/jupyter/jupyter_server_config.d"}
