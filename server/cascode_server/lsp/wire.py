"""Wire manners: what the framework leaves open or wrong in JSON-RPC and in the protocol's life, put right.

Every request gets one answer, whatever it is; an error carries its code and one line, never a traceback or data.
Params reach their handlers as plain JSON, and are read there: a client may send more than our types know or less than
they demand, and building objects for 5,000 file events would hold the event loop for longer than a keystroke forgives.
"""

from __future__ import annotations

import contextlib
import contextvars
import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from typing import TYPE_CHECKING, Any

import cattrs
from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInternalError,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcParseError,
    JsonRpcRequestCancelled,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.json_rpc import MsgId

from cascode import CascodeError, ModelError, QueryError
from cascode_server.lsp.params import at
from cascode_server.schema.read import ShapeError

if TYPE_CHECKING:
    from cascode_server.lsp.session import Session

logger = logging.getLogger(__name__)

#: LSP 3.17 ``RequestFailed``: the request was right, and could not be done.
_REQUEST_FAILED = -32803
#: A reason longer than this is for a log.
_MAX_REASON = 300


class RequestFailedError(JsonRpcException):
    """The request was right and could not be done; the message says why."""

    CODE = _REQUEST_FAILED
    MESSAGE = "Request Failed"


class WireProtocol(LanguageServerProtocol):
    """The protocol object of one client."""

    _server: Session

    def __init__(self, server: Any, converter: cattrs.Converter) -> None:
        super().__init__(server, converter)
        self._opened = False
        #: The id of an ``initialize`` whose answer the client has already (:mod:`cascode_server.lsp.stdio`).
        self.answered: MsgId | None = None

    @property
    def is_shut_down(self) -> bool:
        """Whether the client asked to shut down, which decides the exit status."""
        return self._shutdown

    def open(self) -> None:
        """Let other requests in: ``initialize`` made sense."""
        self._opened = True

    def begin_shutdown(self) -> None:
        """Refuse what comes from now on, and cancel what is under way."""
        current = self.msg_id
        self._shutdown = True
        for msg_id, future in list(self._request_futures.items()):
            if msg_id != current:
                future.cancel()

    def receive(self, body: bytes) -> None:
        """Take a message from the client.

        Args:
            body: JSON in UTF-8.
        """
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            self.refuse(None, JsonRpcParseError("the message is not valid JSON in UTF-8"))
            return
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            self.refuse(None, JsonRpcInvalidRequest("the message is not a JSON-RPC 2.0 object"))
        elif "method" in message:
            context = contextvars.copy_context()
            context.run(self._receive_request if "id" in message else self._receive_notification, message)
        elif "id" in message:
            self._receive_response(message)
        else:
            self.refuse(None, JsonRpcInvalidRequest("the message has neither a method nor an id"))

    def refuse(self, msg_id: MsgId | None, error: JsonRpcException) -> None:
        """Answer with an error.

        Args:
            msg_id: What is answered; None where the message's id is not known.
            error: Its code and message are sent, its data is not.
        """
        self._send_data(
            {"jsonrpc": "2.0", "id": msg_id, "error": {"code": error.code, "message": _one_line(error.message)}}
        )

    def _register_builtin_features(self) -> None:
        """Register none of the framework's own handlers: ours take their place."""

    def _receive_request(self, message: dict[str, Any]) -> None:
        """Hand a request to its handler, or refuse it."""
        msg_id, method = message["id"], message["method"]
        if isinstance(msg_id, bool) or not isinstance(msg_id, int | str):
            self.refuse(None, JsonRpcInvalidRequest("the id of a request must be a number or a string"))
            return
        try:
            handler = self._handler_for(msg_id, method)
        except JsonRpcException as error:
            logger.info("rejected request %s (%s): %s", msg_id, method, error)
            self.refuse(msg_id, error)
            return
        self._ctx_msg_id.set(msg_id)

        def answer(future: Future[Any]) -> None:
            self._send_handler_result(future, msg_id=msg_id)

        self._execute_handler(msg_id, handler, callback=answer, args=(message.get("params"),))

    def _handler_for(self, msg_id: MsgId, method: object) -> Callable[[Any], Any]:
        """Return the handler of a request that comes at a right time.

        Raises:
            JsonRpcException: It does not, or there is no handler.
        """
        if not isinstance(method, str):
            raise JsonRpcInvalidRequest("the method must be a string")
        if self._shutdown:
            raise JsonRpcInvalidRequest("the server is shutting down")
        if (method == types.INITIALIZE) == self._opened:
            if self._opened:
                raise JsonRpcInvalidRequest("the server is already initialized")
            raise JsonRpcServerNotInitialized("the first request must be initialize")
        if msg_id in self._request_futures:
            raise JsonRpcInvalidRequest("another request with this id is in progress")
        handler: Callable[[Any], Any] = self._get_handler(method)
        return handler

    def _receive_notification(self, message: dict[str, Any]) -> None:
        """Hand a notification to its handler; it cannot be answered, so problems are logged."""
        method = message["method"]
        if method != types.EXIT and (self._shutdown or not self._opened):
            logger.info("ignoring notification %s: it came before initialize or after shutdown", method)
            return
        params = message.get("params")
        if method == types.CANCEL_REQUEST:
            self._handle_cancel_notification(at(params, "id"))
            return
        try:
            handler = self._get_handler(str(method))
        except JsonRpcMethodNotFound:
            logger.debug("notification %s is not for this server", method)
            return
        self._execute_handler(f"notification-{id(message)}", handler, callback=_report, args=(params,))

    def _receive_response(self, message: dict[str, Any]) -> None:
        """Hand the client's answer to who asked."""
        msg_id = message["id"]
        result_type = self._result_types.pop(msg_id, None) if isinstance(msg_id, int | str) else None
        future = self._request_futures.pop(msg_id, None) if isinstance(msg_id, int | str) else None
        if future is None:
            logger.info("ignoring the answer to an unknown request: id %s", msg_id)
            return
        # A future that was cancelled meanwhile takes no result.
        with contextlib.suppress(InvalidStateError):
            if future.cancelled():
                return
            if message.get("error") is not None:
                error = message["error"]
                text = error.get("message") if isinstance(error, Mapping) else error
                future.set_exception(JsonRpcException(_one_line(str(text))))
                return
            try:
                result = message.get("result")
                if result_type is not None:
                    result = self._converter.structure(message, result_type).result
                future.set_result(result)
            except Exception as error:
                future.set_exception(JsonRpcInternalError(f"the client's answer is malformed: {error}"))

    def _handle_cancel_notification(self, msg_id: Any) -> None:
        """Cancel a request; one that was answered meanwhile is not a mistake."""
        future = self._request_futures.get(msg_id) if isinstance(msg_id, int | str) else None
        if future is not None:
            future.cancel()

    def _send_handler_result(self, future: Future[Any], *, msg_id: MsgId) -> None:
        """Answer a request with what its handler gave."""
        self._request_futures.pop(msg_id, None)
        if msg_id == self.answered:
            self.answered = None
            _report(future)
            return
        if future.cancelled():
            self.refuse(msg_id, JsonRpcRequestCancelled("the request was cancelled"))
            return
        error = future.exception()
        if error is not None:
            self.refuse(msg_id, _as_wire_error(error))
            return
        try:
            self._send_response(msg_id, result=future.result())
        except Exception as failure:
            self.refuse(msg_id, _as_wire_error(failure))

    def _send_data(self, data: Any) -> None:
        """Send a message; safe to call from any thread.

        Raises:
            TypeError: It cannot be written as JSON.
        """
        if self.writer is None:
            return
        body = json.dumps(data, default=self._serialize_message, separators=(",", ":")).encode()
        self.writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))


def _report(future: Future[Any]) -> None:
    """Log what a handler of a notification failed with."""
    if future.cancelled() or (error := future.exception()) is None:
        return
    if isinstance(error, JsonRpcException | ShapeError):
        logger.warning("ignoring a notification: %s", error)
    else:
        logger.error("a notification failed: %s", error, exc_info=error)


def _as_wire_error(error: BaseException) -> JsonRpcException:
    """Turn what a handler raised into an error response."""
    if isinstance(error, JsonRpcException):
        return error
    if isinstance(error, QueryError | ShapeError):
        return JsonRpcInvalidParams(str(error))
    if isinstance(error, CascodeError | ModelError):
        return RequestFailedError(str(error))
    logger.error("a request failed: %s", error, exc_info=error)
    return JsonRpcInternalError("internal error; see the server's log")


def _one_line(text: str) -> str:
    """A message on one line of limited length."""
    line = " ".join(text.split())
    return line if len(line) <= _MAX_REASON else f"{line[:_MAX_REASON]}…"
