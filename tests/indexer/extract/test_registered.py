"""Handlers that a framework is given under a name: each call that it knows, as its users write it."""

from __future__ import annotations

import pytest

from cascode_indexer.extract import extract_definitions
from cascode_indexer.types import FUNCTION_KINDS


def _names(source: str, language: str) -> list[str]:
    found = extract_definitions(source, language).definitions
    return [definition.qualified_name for definition in found if definition.kind in FUNCTION_KINDS]


@pytest.mark.parametrize("language", ["javascript", "typescript"])
@pytest.mark.parametrize(
    ("source", "name"),
    [
        # Electron
        ("ipcMain.handle('open', async event => { f(); });", "handle.open"),
        ("ipcMain.handleOnce('open', event => { f(); });", "handleOnce.open"),
        # Gulp, Hardhat and Grunt
        ("gulp.task('build', function () { f(); });", "task.build"),
        ("grunt.registerTask('build', function () { f(); });", "registerTask.build"),
        # Yargs
        ("cli.command('build', argv => { f(); });", "command.build"),
        # Angular's first version
        ("app.controller('Main', ['$scope', function (scope) { f(); }]);", "controller.Main"),
        ("app.directive('door', function () { f(); });", "directive.door"),
        ("app.factory('doors', function () { f(); });", "factory.doors"),
        ("app.service('doors', ['$http', function (http) { f(); }]);", "service.doors"),
        ("app.provider('doors', function () { f(); });", "provider.doors"),
        ("app.component('door', () => { f(); });", "component.door"),
        ("app.filter('open', function () { f(); });", "filter.open"),
        # Express, Koa and Fastify
        ("app.get('/doors', (request, response) => { f(); });", "get./doors"),
        ("app.post('/doors', (request, response) => { f(); });", "post./doors"),
        ("app.put('/doors/:id', (request, response) => { f(); });", "put./doors/:id"),
        ("app.patch('/doors/:id', (request, response) => { f(); });", "patch./doors/:id"),
        ("app.delete('/doors/:id', (request, response) => { f(); });", "delete./doors/:id"),
        ("app.head('/doors', (request, response) => { f(); });", "head./doors"),
        ("app.options('/doors', (request, response) => { f(); });", "options./doors"),
        ("app.all('/doors', (request, response) => { f(); });", "all./doors"),
        ("app.use('/doors', (request, response, next) => { f(); });", "use./doors"),
        ("app.route('/doors', (request, response) => { f(); });", "route./doors"),
        ("app.ws('/doors', (socket, request) => { f(); });", "ws./doors"),
    ],
)
def test_javascript_calls_that_register_a_function(language: str, source: str, name: str) -> None:
    """At the top of a file; a route has a path for a name."""
    assert _names(f"{source}\n", language) == [name]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        # Slim and Lumen
        ("$app->get('/doors', function ($request) { f(); });", "get./doors"),
        ("$app->post('/doors', function ($request) { f(); });", "post./doors"),
        ("$app->put('/doors/{id}', function ($request) { f(); });", "put./doors/{id}"),
        ("$app->patch('/doors/{id}', function ($request) { f(); });", "patch./doors/{id}"),
        ("$app->delete('/doors/{id}', function ($request) { f(); });", "delete./doors/{id}"),
        ("$app->options('/doors', function ($request) { f(); });", "options./doors"),
        ("$app->any('/doors', function ($request) { f(); });", "any./doors"),
        # Laravel, whose routes may begin without a slash
        ("Route::get('doors', function () { f(); });", "get.doors"),
        ("Route::post('doors', fn () => f());", "post.doors"),
        ("Route::put('doors/{id}', function ($id) { f(); });", "put.doors/{id}"),
        ("Route::patch('doors/{id}', function ($id) { f(); });", "patch.doors/{id}"),
        ("Route::delete('doors/{id}', function ($id) { f(); });", "delete.doors/{id}"),
        ("Route::options('doors', function () { f(); });", "options.doors"),
        ("Route::any('doors', function () { f(); });", "any.doors"),
        ("Router::get('doors', function () { f(); });", "get.doors"),
        ("Artisan::command('doors:open', function () { f(); });", "command.doors:open"),
        ("Broadcast::channel('doors.{id}', function ($user, $id) { f(); });", "channel.doors.{id}"),
        # WordPress
        ("add_action('init', function () { f(); });", "add_action.init"),
        ("add_filter('the_content', function ($text) { f(); });", "add_filter.the_content"),
        ("add_shortcode('door', function ($attributes) { f(); });", "add_shortcode.door"),
    ],
)
def test_php_calls_that_register_a_function(source: str, name: str) -> None:
    """Routes, commands, channels and hooks."""
    assert _names(f"<?php\n{source}\n", "php") == [name]
