# Evaluates the Tiltfile, whose Starlark is also Python, and writes what it asks of Tilt as JSON. Each function takes Tilt's own
# parameters (tilt-dev/tilt: internal/tiltfile, `unpackArgs`; tilt-dev/tilt-extensions: uibutton/Tiltfile): another one is an error.
# Arguments: the Tiltfile, then the names of the workloads.
import json, os, sys, types

path, *workloads = sys.argv[1:]
root = os.path.dirname(os.path.abspath(path))
asked = {'builds': [], 'resources': [], 'locals': [], 'buttons': [], 'yaml': []}
rename = lambda id: id.name

def docker_build(ref, context, dockerfile='Dockerfile', target='', only=(), ignore=(), live_update=(), network='', build_args=None):
    asked['builds'].append(dict(ref=ref, dockerfile=dockerfile, target=target, only=list(only), live_update=list(live_update)))

def k8s_resource(workload='', labels=(), links=(), port_forwards=(), resource_deps=(), pod_readiness='', new_name='', objects=()):
    asked['resources'].append(dict(name=workload, deps=list(resource_deps), ports=list(port_forwards), links=list(links)))

def local_resource(name, cmd='', deps=(), ignore=(), auto_init=True, labels=(), serve_cmd='', serve_env=None, links=(), resource_deps=()):
    asked['locals'].append(dict(name=name, deps=list(resource_deps)))

def cmd_button(name, resource='', argv=(), text=None, location='resource', icon_name=None, inputs=(), disabled=False, requires_confirmation=False, env=(), dir=''):
    asked['buttons'].append(dict(name=name, resource=resource, argv=list(argv)))

def workload_to_resource_function(function):
    global rename
    rename = function

given = dict(
    docker_build=docker_build,
    k8s_resource=k8s_resource,
    local_resource=local_resource,
    cmd_button=cmd_button,
    workload_to_resource_function=workload_to_resource_function,
    k8s_yaml=lambda yaml, allow_duplicates=False: asked['yaml'].extend(yaml),
    listdir=lambda directory, recursive=False: [os.path.join(directory, name) for name in sorted(os.listdir(os.path.join(root, directory)))],
    load=lambda extension, *names: None,
    version_settings=lambda check_updates=True, constraint='': None,
    allow_k8s_contexts=lambda contexts: None,
    fall_back_on=lambda files: {'fall_back_on': files},
    sync=lambda local_path, remote_path: {'sync': [local_path, remote_path]},
    port_forward=lambda local_port, container_port=None, name=None, link_path=None, host=None: [local_port, container_port],
    link=lambda url, name='': url,
    local=lambda command, quiet=False, command_bat='', echo_off=False, env=None, dir='', stdin=None: os.environ.get('DOOR', ''),
    warn=lambda message: None,
    config=types.SimpleNamespace(tilt_subcommand='up', main_dir=root),
)
exec(compile(open(path).read(), path, 'exec'), given)
asked['names'] = [rename(types.SimpleNamespace(name=name)) for name in workloads]
json.dump(asked, sys.stdout)
