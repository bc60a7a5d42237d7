# The undoing: what the set-up added, and nothing else. Modes that it closed stay closed.
adit_arguments() {
  dry=no
  while [ $# -gt 0 ]; do
    case $1 in
      --dry-run) dry=yes ;;
      -h | --help)
        printf '%s\n' 'as root on the bastion: sh FILE [--dry-run]'
        exit 0
        ;;
      *) adit_fail "\"$1\" is not known here; there is --dry-run" ;;
    esac
    shift
  done
}

adit_take_out() {
  adit_marked
  if [ -z "$at" ]; then
    adit_numbers | while read -r number; do
      adit_say "line $number of $file has the key, but the set-up did not put it there; it stays"
    done
    if [ "$dry" = no ]; then adit_clear; fi
    return 0
  fi
  adit_do "take the line out of $file" adit_take_out_now
  if [ "$dry" = yes ]; then return 0; fi
  adit_clear
}
adit_take_out_now() {
  program="${at}d$nl"
  if [ -n "$next" ]; then program="$program$((at + 1))d$nl"; fi
  for number in $(grep -nF -- "$blob" "$file" | grep "^[0-9]*:$kept" | cut -d: -f1); do
    program="$program${number}s/^$kept//$nl"
  done
  # The last line had no end before.
  if adit_remembers newline; then adit_replace "$program" '' 1; else adit_replace "$program" '' 0; fi
}

# What the set-up made and what is empty now. In an account that it made, all of this is its own.
adit_clear() {
  if [ ! -f "$file" ] || [ -s "$file" ]; then return 0; fi
  if [ $ours = no ] && ! adit_remembers file; then return 0; fi
  adit_do "remove $file, which is empty and was made by the set-up" adit_in "$folder" rm "$file"
  if [ $ours = yes ] || adit_remembers folder; then adit_in "${folder%/*}" rmdir "$folder" 2>/dev/null && adit_say "removed $folder"; fi
  if [ $ours = yes ] || adit_remembers home; then rmdir "$home" 2>/dev/null && adit_say "removed $home"; fi
  return 0
}

# What the set-up changed of an account that was there.
adit_put_back() {
  for word in $memory; do
    case $word in
      'lock=!,'* | 'lock=!!,'* | 'lock=!*,'*)
        word=${word#lock=}
        adit_do "lock the password of $ADIT_USER as it was" usermod -p "${word%%,*}" -- "$ADIT_USER"
        case ${word#*,} in *[!0-9]* | '') ;; *) if adit_has chage; then adit_do "and set back the day of its last change" chage -d "${word#*,}" -- "$ADIT_USER"; fi ;; esac
        ;;
      shell=/*)
        if [ -x "${word#shell=}" ]; then adit_do "give $ADIT_USER the shell ${word#shell=} again" usermod -s "${word#shell=}" -- "$ADIT_USER"; fi
        ;;
    esac
  done
}

# The account's open tunnels by process: sshd's own, under the account's number. What else runs is told, not ended.
adit_runs() {
  pids='' others=''
  set +f
  for status in /proc/[0-9]*/status; do
    if ! grep -q "^Uid:[[:space:]]*$uid[[:space:]]" "$status" 2>/dev/null || grep -q '^State:[[:space:]]*Z' "$status" 2>/dev/null; then continue; fi
    pid=${status#/proc/}
    pid=${pid%/status}
    case $(tr '\000' ' ' 2>/dev/null <"/proc/$pid/cmdline") in
      "sshd: $ADIT_USER" | "sshd: $ADIT_USER"[\ @]* | "sshd-session: $ADIT_USER" | "sshd-session: $ADIT_USER"[\ @]*) pids="$pids $pid" ;;
      *) others="$others $pid" ;;
    esac
  done
  set -f
  [ -n "$pids" ]
}
adit_end() {
  tries=0
  while adit_runs && [ $tries -lt 50 ]; do
    if [ $tries -lt 25 ]; then signal=TERM; else signal=KILL; fi
    for pid in $pids; do kill -s $signal "$pid" 2>/dev/null; done
    tries=$((tries + 1))
    sleep 0.2 2>/dev/null || sleep 1
  done
  ! adit_runs
}

adit_remove_account() {
  [ "$ours" = yes ] || return 0
  if [ -e "$file" ] && { [ "$dry" = no ] || [ -n "$(adit_others)" ]; }; then
    adit_say "$file has other lines, so the account $ADIT_USER stays"
    return 0
  fi
  if [ "$dry" = no ] && [ -d "$home" ] && [ -n "$(ls -A "$home")" ]; then
    adit_say "there is more in $home, so the account $ADIT_USER stays; look at it, then: userdel -r $ADIT_USER"
    return 0
  fi
  if adit_runs; then adit_do "end the open tunnels of $ADIT_USER" adit_end; fi
  if [ -n "$others" ]; then
    adit_say "these processes run as $ADIT_USER, so the account stays; end them, then run this again:$others"
    wrong=yes
    return 0
  fi
  if [ -d "$home" ]; then adit_do "remove the empty folder $home" rmdir "$home"; fi
  if adit_has userdel; then adit_do "remove the account $ADIT_USER" userdel -- "$ADIT_USER"; else
    adit_do "remove the account $ADIT_USER" deluser "$ADIT_USER"
  fi
  if [ "$dry" = yes ]; then return 0; fi
  there=no
  if adit_group_there; then there=yes; fi
  case $gecos in
    *' and group') if [ $there = yes ]; then adit_do "remove its group" groupdel -- "$ADIT_USER"; fi ;;
    # The tool takes a group of the same name along, also one that was there before.
    *) if [ $there = no ] && adit_has groupadd; then adit_do "keep the group that was there before" groupadd -g "$gid" -- "$ADIT_USER"; fi ;;
  esac
}
# Lines that are neither ours nor the mark of ours.
adit_others() { grep -vF -- "$mark" "$file" | grep -vF -- "$blob"; }

adit_undo() {
  adit_arguments "$@"
  adit_begin
  adit_settings
  adit_account
  if [ -z "$entry" ]; then
    adit_say "there is no account $ADIT_USER: nothing to undo"
    exit 0
  fi
  ours=no wrong=no
  case $gecos in "adit setup "*" made account" | "adit setup "*" made account and group") ours=yes ;; esac
  adit_file
  adit_no_links
  adit_take_out
  adit_put_back
  adit_remove_account
  if [ "$dry" = yes ]; then printf '%s\n' 'nothing was changed'; elif [ $wrong = yes ]; then exit 1; else adit_say 'done'; fi
}
