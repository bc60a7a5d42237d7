# The set-up.
adit_arguments() {
  dry=no shell_wanted=''
  while [ $# -gt 0 ]; do
    case $1 in
      --dry-run) dry=yes ;;
      --shell)
        [ $# -gt 1 ] || adit_fail 'which shell? --shell nologin, or --shell with the path of one'
        shift
        shell_wanted=$1
        ;;
      --shell=*) shell_wanted=${1#--shell=} ;;
      -h | --help)
        printf '%s\n' 'as root on the bastion: sh FILE [--dry-run] [--shell nologin|PATH]' \
          '  --dry-run  only say what would be done' \
          '  --shell    the shell of the account; a new one gets nologin, one that is there keeps its own'
        exit 0
        ;;
      *) adit_fail "\"$1\" is not known here; there are --dry-run and --shell" ;;
    esac
    shift
  done
}

# The path of a shell that is there.
adit_shell() {
  case $1 in
    nologin)
      for shell in "$(command -v nologin)" /usr/sbin/nologin /sbin/nologin /bin/false /usr/bin/false; do
        if [ -x "$shell" ]; then return 0; fi
      done
      adit_fail 'there is neither nologin nor false here: name a shell with --shell'
      ;;
    /*)
      [ -x "$1" ] || adit_fail "there is no shell $1 here"
      shell=$1
      ;;
    *) adit_fail "\"$1\" is no shell: give nologin or a path" ;;
  esac
}

# An account that nobody can log in to with a password, and everybody with a key of its own.
adit_make_account() {
  adit_shell "${shell_wanted:-nologin}"
  base=$(useradd -D 2>/dev/null | sed -n 's/^HOME=//p')
  home=${base:-/home}/$ADIT_USER
  words="adit setup $ADIT_BASTION made account and group" group_there=no
  if adit_group_there; then
    group_there=yes words="adit setup $ADIT_BASTION made account"
  fi
  if [ -e "$home" ] || [ -L "$home" ]; then
    adit_fail "$home is there, but no account $ADIT_USER: see whose it is, then move it away or make the account by hand. Nothing was changed"
  fi
  [ -d "${home%/*}" ] || adit_fail "there is no folder ${home%/*} for the home of $ADIT_USER. Nothing was changed"
  if adit_has useradd; then
    if [ $group_there = yes ]; then set -- -g "$ADIT_USER"; else set -- -U; fi
    adit_do "make the account $ADIT_USER with the home $home and the shell $shell" \
      useradd -M -d "$home" -s "$shell" -c "$words" "$@" -- "$ADIT_USER"
  elif adduser --help 2>&1 | grep -qi busybox; then
    set -- -D -H -h "$home" -s "$shell" -g "$words"
    if [ $group_there = yes ]; then set -- "$@" -G "$ADIT_USER"; fi
    adit_do "make the account $ADIT_USER with the home $home and the shell $shell" adduser "$@" "$ADIT_USER"
  else
    adit_fail "there is neither useradd nor adduser here: make the account $ADIT_USER by hand, then run this again. Nothing was changed"
  fi
  adit_do "give $ADIT_USER a password that nobody can type; the mark of a new account would stop keys too" adit_password '*'
  uid='' gid=''
  [ "$dry" = yes ] || adit_account
  [ "$dry" = yes ] || [ -n "$entry" ] || adit_fail "the account $ADIT_USER was made and is not to be seen"
}
adit_password() {
  if adit_has usermod; then usermod -p "$1" -- "$ADIT_USER"; else printf '%s:%s\n' "$ADIT_USER" "$1" | chpasswd -e >/dev/null; fi
}

# An account that was there: it stays as it is, unless sshd would refuse it.
adit_mend_account() {
  adit_say "the account $ADIT_USER is there, with the home $home"
  adit_shadow
  case $password in
    '!'* | '*LK*'*)
      if [ "$(adit_setting usepam)" != yes ]; then
        case $password in
          '!' | '!!' | '!*')
            remember="$remember lock=$password,$changed"
            adit_do "open $ADIT_USER for keys: its password stays one that nobody can type, but is no lock any more" adit_password '*'
            ;;
          *)
            adit_say "somebody locked $ADIT_USER on purpose (passwd -l), and without PAM sshd then takes no key. That stays; this opens it: usermod -p '*' $ADIT_USER"
            wrong=yes
            ;;
        esac
      fi
      ;;
  esac
  if [ -n "$shell_wanted" ]; then
    was=$shell
    adit_shell "$shell_wanted"
    if [ "$shell" != "$was" ]; then
      remember="$remember shell=$was"
      adit_do "give $ADIT_USER the shell $shell instead of $was" usermod -s "$shell" -- "$ADIT_USER"
    fi
  fi
  case $home in
    /*) ;;
    *) adit_fail "the account $ADIT_USER has no home folder; give it one with usermod -d, then run this again" ;;
  esac
  [ "$home" != / ] || adit_fail "the home folder of $ADIT_USER is /; give it another with usermod -d, then run this again"
}

adit_make_folder() {
  adit_in "${1%/*}" mkdir -m "$2" "$1" || return 1
  [ "$(adit_owner "$1")" = "${3%%:*}" ] || chown -h "$3" "$1"
}

# True where others may write, in a way that sshd minds.
adit_is_open() {
  # shellcheck disable=SC2046 # words on purpose
  set -- $(ls -Ldn "$1")
  case $1 in
    ????????w*) return 0 ;;
    ?????w*) ;;
    *) return 1 ;;
  esac
  # Builds by Debian let a group write that has no other member.
  [ "$debian" = yes ] && [ "$4" = "$gid" ] || return 0
  if adit_has getent; then people=$(getent passwd) group=$(getent group "$4"); else people=$(cat /etc/passwd) group=$(grep "^[^:]*:[^:]*:$4:" /etc/group); fi
  case ${group##*:} in '' | "$ADIT_USER") ;; *) return 0 ;; esac
  [ "$(printf '%s\n' "$people" | cut -d: -f4 | grep -cx "$4")" -gt 1 ]
}
# A place on the way to the keys belongs to the account or to root, and nobody else may write it.
adit_close() {
  owner=$(adit_owner "$1")
  if [ "$owner" != "$uid" ] && [ "$owner" != 0 ]; then
    adit_do "give $1 to $ADIT_USER" chown -h "$uid:$gid" "$1"
  fi
  if adit_is_open "$1"; then adit_do "close $1 to others" adit_in "$1" chmod go-w "$1"; fi
  if [ "$owner" = 0 ] && [ "$uid" != 0 ] && adit_is_hidden "$1"; then
    adit_do "give $1 to $ADIT_USER, who could not read it" chown -h "$uid:$gid" "$1"
  fi
}
# True where others may not read the file, or not enter the folder. sshd reads keys as the account.
adit_is_hidden() {
  # shellcheck disable=SC2046 # words on purpose
  set -- $(ls -Ldn "$1")
  case $1 in -??????r* | d????????[xt]*) return 1 ;; esac
  return 0
}

adit_places() {
  adit_no_links
  if [ ! -d "$home" ]; then
    [ "$inside" = no ] || [ -d "${home%/*}" ] || adit_fail "the home folder $home of $ADIT_USER is not there, nor the one above it: make it, then run this again"
    if [ "$inside" = yes ]; then
      adit_do "make the home folder $home" adit_make_folder "$home" 700 "$uid:$gid"
      remember="$remember home"
    fi
  elif [ "$inside" = yes ]; then
    adit_close "$home"
  fi
  if [ ! -d "$folder" ]; then
    [ "$inside" = no ] || [ "$dry" = yes ] || [ -d "${folder%/*}" ] || adit_fail "there is no folder ${folder%/*} for the keys: make it, then run this again"
    if [ "$inside" = yes ]; then adit_do "make the folder $folder" adit_make_folder "$folder" 700 "$uid:$gid"; else
      adit_do "make the folder $folder" adit_make_folder "$folder" 755 0:0
    fi
    remember="$remember folder"
  elif [ "$inside" = yes ]; then
    adit_close "$folder"
  fi
  if [ -e "$file" ] && [ ! -f "$file" ]; then adit_fail "$file is no file: see what it is, then run this again"; fi
}

adit_make_file() {
  # shellcheck disable=SC2016 # the inner shell expands
  adit_in "$folder" /bin/sh -c 'umask 077 && set -C && : >"$1"' sh "$file" || return 1
  if [ "$inside" = no ]; then
    chmod 644 "$file"
  elif [ "$(adit_owner "$file")" != "$uid" ]; then
    chown -h "$uid:$gid" "$file"
  fi
}

# The line as this server understands it.
adit_line() {
  options=$ADIT_OPTIONS
  release=$({ "${sshd:-sshd}" -V || ssh -V; } 2>&1 | sed -n 's/.*OpenSSH_\([0-9]*[.][0-9]*\).*/\1/p' | head -n 1)
  case $release in
    [1-6].* | 7.[01])
      adit_say "OpenSSH $release does not know restrict, so the line says the same in older words"
      options=$ADIT_OLD_OPTIONS
      ;;
  esac
  line="$options $type $blob${ADIT_COMMENT:+ $ADIT_COMMENT}"
}

# Puts the line in: all others stay byte for byte. One with the same key and other options is kept as a comment.
adit_put() {
  adit_marked
  numbers=$(adit_numbers)
  if [ -n "$at" ] && [ -n "$remember" ]; then
    memory="$memory$remember"
  elif [ -n "$numbers" ] && [ "$(printf '%s\n' "$numbers" | grep -c .)" = 1 ] && [ "$(sed -n "${numbers}p" "$file")" = "$line" ]; then
    adit_say "the line is in $file"
    return 0
  fi
  [ -n "$at" ] || {
    memory=$remember
    if [ ! -e "$file" ]; then memory="$memory file"; fi
    if [ -s "$file" ] && [ -n "$(tail -c 1 "$file" | tr -d '\n\000')" ]; then memory="$memory newline"; fi
  }
  for number in $numbers; do
    if [ -n "$at" ] && [ "$number" = "$((at + 1))" ]; then continue; fi
    adit_say "line $number has the key with other options; it becomes a comment"
  done
  if [ ! -e "$file" ]; then adit_do "make the file $file" adit_make_file; fi
  adit_do "put the line into $file: $line" adit_put_now
  changed_something=yes
}
adit_put_now() {
  program=''
  if [ -n "$at" ]; then program="${at}d$nl"; fi
  for number in $numbers; do
    if [ -n "$at" ] && [ "$number" = "$((at + 1))" ]; then program="$program${number}d$nl"; else program="$program${number}s/^/$kept/$nl"; fi
  done
  more=''
  case " $memory " in *' newline '*) if [ -z "$at" ]; then more=$nl; fi ;; esac
  adit_replace "$program" "$more$mark${memory:+ ${memory# }}$nl$line$nl" 0
}

adit_label() {
  [ "$dry" = no ] && [ "${changed_something:-no}" = yes ] && adit_has restorecon || return 0
  restorecon -R "$folder" 2>/dev/null || adit_say "restorecon could not label $folder; where SELinux is on, sshd may not read it"
}

# Looks at what is there now, whoever made it.
adit_verify() {
  adit_account
  [ -n "$entry" ] || { adit_say "not right yet: there is no account $ADIT_USER"; wrong=yes; return; }
  grep -qxF -- "$line" "$file" 2>/dev/null || { adit_say "not right yet: $file does not have the line"; wrong=yes; }
  if [ "$inside" = yes ]; then set -- "$home" "$folder" "$file"; else set -- "$folder" "$file"; fi
  for place in "$@"; do
    [ -e "$place" ] || continue
    owner=$(adit_owner "$place")
    if { [ "$owner" != "$uid" ] && [ "$owner" != 0 ]; } || adit_is_open "$place"; then
      adit_say "not right yet: $place must belong to $ADIT_USER or root, and nobody else may write it"
      wrong=yes
    fi
  done
  case $(adit_setting allowtcpforwarding) in
    no | remote)
      adit_say "not right yet: sshd opens no forwards for $ADIT_USER (AllowTcpForwarding); the step for sshd in the hand-off mends that"
      wrong=yes
      ;;
  esac
  if [ "$(adit_setting disableforwarding)" = yes ]; then
    adit_say "not right yet: sshd opens no forwards for $ADIT_USER (DisableForwarding yes)"
    wrong=yes
  fi
  if [ "$(adit_setting pubkeyauthentication)" = no ]; then
    adit_say "not right yet: sshd takes no keys for $ADIT_USER (PubkeyAuthentication no)"
    wrong=yes
  fi
}

adit_setup() {
  adit_arguments "$@"
  adit_begin
  remember='' wrong=no
  adit_settings
  adit_account
  if [ -n "$entry" ]; then adit_mend_account; else adit_make_account; fi
  adit_file
  adit_places
  if [ "$dry" = no ] && [ -f "$file" ] && [ "$inside" = yes ]; then adit_close "$file"; fi
  adit_line
  adit_put
  adit_label
  if [ "$dry" = yes ]; then
    printf '%s\n' 'nothing was changed'
    exit 0
  fi
  adit_verify
  adit_receipt
  if [ $wrong = yes ]; then exit 1; fi
}
