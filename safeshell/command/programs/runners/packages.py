"""Runners of package managers and language environments: npm, uv, poetry, bundle, conda, nix and their kin."""

from __future__ import annotations

from safeshell.command.programs.record import Wrapper
from safeshell.command.programs.runners.reasons import OWN_PATH

_CALL = ("-c", "--call")
_NPM_OPTIONS = "package= call= workspace= workspaces include-workspace-root yes no prefix= userconfig= registry= quiet"
_NPM_EXEC = Wrapper("c:p:w:yC:", _NPM_OPTIONS, texts=_CALL, read_by="sh")
_PNPM_EXEC = Wrapper(
    "cr",
    "parallel recursive shell-mode resume-from= report-summary no-reporter-hide-prefix package= allow-build=",
    joined_with=("-c", "--shell-mode"),
    read_by="sh",
)
_ANY = Wrapper("")
_UV_RUN = Wrapper(
    "m:p:w:i:f:C:P:Unqvh",
    "extra= all-extras no-extra= no-dev group= no-group= no-default-groups only-group= all-groups module= only-dev "
    "editable no-editable exact env-file= no-env-file with= with-editable= with-requirements= isolated active no-sync "
    "locked frozen script gui-script all-packages package= no-project python-platform= index= default-index= "
    "index-url= extra-index-url= find-links= no-index upgrade upgrade-package= index-strategy= keyring-provider= "
    "resolution= prerelease= fork-strategy= exclude-newer= no-sources reinstall reinstall-package= link-mode= "
    "config-setting= no-build-isolation no-build-isolation-package= no-build no-build-package= no-binary "
    "no-binary-package= no-cache cache-dir= refresh refresh-package= python= managed-python no-managed-python "
    "no-python-downloads quiet verbose color= native-tls offline allow-insecure-host= no-progress directory= project= "
    "config-file= no-config help from= constraints= overrides= build-constraints= spec= torch-backend= index-username",
    ("-h", "--help"),
    enters=("--directory",),
    exact=True,
)
_UV = Wrapper(
    "qv",
    "quiet verbose color= directory= project= config-file= cache-dir= no-cache offline native-tls no-config",
    (),
    OWN_PATH,
    {"run": _UV_RUN, "tool": Wrapper("", verbs={"run": _UV_RUN}), "x": _UV_RUN},
    enters=("--directory",),
    exact=True,
)
_CONDA_RUN = Wrapper(
    "n:p:vh",
    "name= prefix= verbose dev debug-wrapper-scripts cwd= no-capture-output live-stream attach= clean-env env= label= "
    "root-prefix=",
    ("-h", "--help"),
    enters=("--cwd",),
)
_NIX_SHELL = (
    "arg= argstr= override-input= option= include= file= expr= impure ignore-environment keep= unset= system= "
    "profile= phase= redirect= inputs-from= command offline refresh quiet verbose"
)
_NIX_IN = Wrapper(
    "cik:u:",
    _NIX_SHELL,
    permutes=True,
    pairs=("--arg", "--argstr", "--override-input", "--option", "--redirect"),
    behind=("-c", "--command"),
)
_DASHED = Wrapper("", dashed=True)

RUNNERS: dict[str, Wrapper] = {
    "npm": Wrapper(
        "C:w:",
        f"{_NPM_OPTIONS} loglevel= silent global",
        (),
        OWN_PATH,
        {"exec": _NPM_EXEC, "x": _NPM_EXEC, "explore": Wrapper("", operands=1)},
        enters=("--prefix", "-C"),
    ),
    "npx": _NPM_EXEC._replace(kept=OWN_PATH),
    "pnpx": _PNPM_EXEC._replace(kept=OWN_PATH),
    "pnpm": Wrapper(
        "rC:wF:",
        "recursive dir= workspace-root filter= filter-prod= silent reporter= parallel stream use-node-version=",
        (),
        OWN_PATH,
        {"exec": _PNPM_EXEC, "dlx": _PNPM_EXEC, "node": _ANY},
        enters=("-C", "--dir"),
    ),
    "yarn": Wrapper(
        "sv",
        "cwd= silent verbose",
        (),
        OWN_PATH,
        {
            "exec": _ANY,
            "dlx": Wrapper("p:q", "package= quiet"),
            "workspace": Wrapper("", operands=1, verbs={"exec": _ANY}),
            "workspaces": Wrapper(
                "",
                verbs={
                    "foreach": Wrapper("AWRpitvj:", "all include= exclude= since from= jobs=", verbs={"exec": _ANY})
                },
            ),
        },
        enters=("--cwd",),
    ),
    "yarnpkg": Wrapper("", "cwd=", (), OWN_PATH, {"exec": _ANY}, enters=("--cwd",)),
    "bun": Wrapper("", "cwd= bun silent", (), OWN_PATH, {"x": Wrapper("", "bun"), "exec": Wrapper("", joined=True)}),
    "bunx": Wrapper("p:", "bun package= silent verbose", (), OWN_PATH),
    "lerna": Wrapper(
        "",
        "concurrency= loglevel= scope= ignore= since=",
        (),
        OWN_PATH,
        {
            "exec": Wrapper(
                "",
                "scope= ignore= concurrency= stream parallel no-bail no-prefix since=",
                dashed=True,
                joined=True,
                read_by="sh",
            )
        },
    ),
    "nx": Wrapper("", "", (), OWN_PATH, {"exec": _DASHED}),
    "uv": _UV,
    "uvx": _UV_RUN._replace(kept=OWN_PATH),
    "rye": Wrapper("", "", (), OWN_PATH, {"run": Wrapper("lf", "list pyproject=")}),
    "poetry": Wrapper(
        "C:P:nqv",
        "directory= project= no-interaction quiet verbose no-plugins no-cache ansi no-ansi",
        (),
        OWN_PATH,
        {"run": _ANY},
        enters=("-C", "--directory"),
    ),
    "pipenv": Wrapper(
        "q", "python= quiet verbose bare site-packages", (), OWN_PATH, {"run": Wrapper("q", "system verbose")}
    ),
    "pdm": Wrapper(
        "c:vqI",
        "config= verbose quiet",
        (),
        OWN_PATH,
        {"run": Wrapper("slp:g", "site-packages list json venv= project= global recreate")},
    ),
    "pipx": Wrapper(
        "qv",
        "quiet verbose",
        (),
        OWN_PATH,
        {
            "run": Wrapper(
                "",
                "spec= python= pip-args= no-cache pypackages path index-url= editable system-site-packages "
                "verbose with=",
            )
        },
    ),
    "hatch": Wrapper(
        "e:p:vq",
        "env= project= data-dir= cache-dir= config= color no-color verbose quiet",
        (),
        OWN_PATH,
        {
            "run": _ANY,
            "env": Wrapper(
                "",
                verbs={
                    "run": Wrapper(
                        "e:i:x:f:", "env= include= exclude= filter= force-continue ignore-compat", dashed=True
                    )
                },
            ),
        },
    ),
    "pixi": Wrapper(
        "vq",
        "verbose quiet color= no-progress",
        (),
        OWN_PATH,
        {
            "run": Wrapper("e:", "environment= manifest-path= frozen locked as-is clean-env skip-deps no-install"),
            "exec": Wrapper("s:c:w:", "spec= channel= with= platform= force-reinstall list="),
        },
    ),
    **dict.fromkeys(
        ("conda", "mamba", "micromamba"),
        Wrapper("r:p:n:qv", "root-prefix= prefix= name=", (), OWN_PATH, {"run": _CONDA_RUN}),
    ),
    "tox": Wrapper("e:c:qv", "", (), OWN_PATH, {"exec": Wrapper("e:", dashed=True)}),
    "bundle": Wrapper(
        "",
        "no-color verbose retry=",
        (),
        OWN_PATH,
        {"exec": Wrapper("", "keep-file-descriptors gemfile="), "e": Wrapper("", "gemfile=")},
    ),
    "bundler": Wrapper("", "", (), OWN_PATH, {"exec": Wrapper("", "keep-file-descriptors gemfile=")}),
    "gem": Wrapper("", "", (), OWN_PATH, {"exec": Wrapper("g:v:", "gem= version= conservative prerelease")}),
    **dict.fromkeys(
        ("rbenv", "pyenv", "nodenv", "goenv", "jenv", "plenv", "phpenv", "asdf", "volta"),
        Wrapper(
            "", "", (), OWN_PATH, {"exec": _ANY, "run": Wrapper("", "node= npm= pnpm= yarn= bundled-npm no-yarn env=")}
        ),
    ),
    "rvm": Wrapper(
        "", "", (), OWN_PATH, {"exec": _ANY, "do": _ANY, "": Wrapper("", operands=1, verbs={"do": _ANY, "exec": _ANY})}
    ),
    "nvm": Wrapper("", "", (), OWN_PATH, {"exec": Wrapper("", "silent lts=", operands=1)}),
    "fnm": Wrapper("", "", (), OWN_PATH, {"exec": Wrapper("", "using= using-file")}),
    **dict.fromkeys(
        ("mise", "rtx"),
        Wrapper(
            "C:E:qvy",
            "cd= env= quiet verbose yes",
            (),
            OWN_PATH,
            {
                name: Wrapper(
                    "c:C:j:", "command= cd= jobs= raw", texts=("-c", "--command"), enters=("-C", "--cd"), dashed=True
                )
                for name in ("exec", "x")
            },
            enters=("-C", "--cd"),
        ),
    ),
    "cargo": Wrapper(
        "",
        "",
        (),
        OWN_PATH,
        {
            "watch": Wrapper(
                "x:s:w:i:cqd:", "exec= shell= watch= ignore= clear delay= why", dashed=True, texts=("-s", "--shell")
            )
        },
    ),
    "nix-shell": Wrapper(
        "p:i:I:A:E:j:vQKk",
        "run= command= pure keep= exclude= arg= argstr= attr= packages expr= include= option= max-jobs= cores= quiet",
        ("--help", "--version"),
        OWN_PATH,
        permutes=True,
        pairs=("--arg", "--argstr", "--option"),
        texts=("--run", "--command"),
        needs=("--run", "--command"),
        read_by="bash",
    ),
    "nix": Wrapper(
        "LvQ",
        "extra-experimental-features= experimental-features= option= print-build-logs verbose quiet",
        (),
        OWN_PATH,
        {"develop": _NIX_IN, "shell": _NIX_IN},
        pairs=("--option",),
    ),
    "guix": Wrapper("", "", (), OWN_PATH, dict.fromkeys(("shell", "environment", "time-machine"), _DASHED)),
    "steam-run": Wrapper("", "", (), OWN_PATH),
    "spack": Wrapper("", "", (), OWN_PATH, {"build-env": _DASHED}),
    "opam": Wrapper("", "", (), OWN_PATH, {"exec": Wrapper("", "switch= set-root set-switch", dashed=True)}),
    "dune": Wrapper("", "", (), OWN_PATH, {"exec": Wrapper("", "root= profile= context=")}),
    "stack": Wrapper("", "", (), OWN_PATH, {"exec": Wrapper("", "package= cwd= rts-options=")}),
    "mix": Wrapper("", "", (), OWN_PATH, {"cmd": Wrapper("", "app= cd=")}),
}
