"""A Jupyter Server extension that sends a widget's messages at once.

Jupyter Server leaves Nagle's algorithm on: a small message waits until the one before it has been acknowledged, about
40 ms on Linux. Live figures work with that, but at half the frames. The extension is enabled by the package's own
jupyter_server_config.d file, and by the course's .jupyter folder.
"""

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """A kernel's websocket without the delay."""

    def connect(self):
        self.websocket_handler.set_nodelay(True)
        return super().connect()


def _jupyter_server_extension_points():
    return [{"module": __name__}]


def _load_jupyter_server_extension(server):
    key = "kernel_websocket_connection_class"
    if server.web_app.settings[key] is ZMQChannelsWebsocketConnection:  # else somebody chose another: theirs stays
        server.web_app.settings[key] = PromptConnection
