#!/bin/sh
# Make the passwords that docker-compose.yml hands to its containers: make-secrets.sh [FOLDER]
# (default: secrets/ beside docker-compose.yml). What is there already is kept, so it may run again.
#
# The folder is its owner's alone (0700): nobody else on this machine gets at what is in it. The
# files in it are readable (0444), for each container reads its own under a user id of its own.
set -eu
folder=${1:-$(dirname "$0")/../../secrets}
umask 077
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

fresh() { # a password of 192 bits; hexadecimal needs no escaping in an address
    head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'
}

keep() { # FILE: standard input goes there, whole or not at all, unless it is there
    [ -s "$1" ] && return
    cat >".$1.new"
    [ -s ".$1.new" ]
    chmod 444 ".$1.new"
    mv ".$1.new" "$1"
    echo "✓ $1"
}

channels() { # what is read as no channel at all
    cat <<'TOML'
# 告警发给谁；改后重建信使 · Who is told of alerts; after a change:
#   docker compose up -d --wait --force-recreate courier
# 试发 · try one: docker compose run --rm cli channel test duty-33
#
# [[channel]]
# name = "duty-33"                    # 字母、数字、- 和 _ · letters, digits, - and _
# url = "wecombot://KEY"              # wecombot, dingtalk, feishu, lark, mailto(s) …: an apprise URL
# language = "zh"                     # zh | en | both
# regions = ["33"]                    # 区划代码开头；不写为全国 · all if left out
# severities = ["high", "critical"]   # 不写为全部 · all if left out
TOML
}

ticket_key() { # an Ed25519 pair for check tickets; old public keys stay, to verify old tickets with
    mkdir -p tickets/public
    chmod 755 tickets tickets/public
    for there in tickets/*.pem; do
        case $there in *.pub.pem) ;; *) [ ! -s "$there" ] || return 0 ;; esac
    done
    command -v openssl >/dev/null || {
        echo "· tickets 无 openssl，预检将不签票据 / no openssl: checks will be answered without a ticket"
        return
    }
    openssl genpkey -algorithm ed25519 -out tickets/.new
    openssl pkey -in tickets/.new -pubout -out tickets/.new.pub
    name=$(openssl pkey -in tickets/.new -pubout -outform DER | tail -c 32 | sha256sum | head -c 16)
    chmod 444 tickets/.new tickets/.new.pub
    cp -p tickets/.new.pub "tickets/public/$name.pub.pem"
    mv tickets/.new.pub "tickets/$name.pub.pem"
    mv tickets/.new "tickets/$name.pem"
    echo "✓ tickets/$name"
}

ticket_key
fresh | keep postgres_password
echo "postgresql://postgres:$(cat postgres_password)@postgres:5432/postgres" | keep database_superuser
for role in migrator writer reader registry console; do
    echo "postgresql://liandan_$role:$(fresh)@postgres:5432/liandan" | keep "database_$role"
done
fresh | keep grafana_password
fresh | keep courier_webhook_key

# These are the operator's to fill in, and stay writable for that: the first two come from the paging
# service and the mail server that infra/alertmanager names.
for file in operators_page_token operators_mail_password courier_channels; do
    [ -e "$file" ] && continue
    case $file in
    courier_channels) channels ;;
    esac >"$file"
    chmod 644 "$file"
    echo "· $file 待填写 / to be filled in"
done
