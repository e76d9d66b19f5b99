# Ansible managed
# A shell that waits at its prompt ends after so many seconds, by SSH and on the console. Commands are left alone.
# A second time the variable is there, and nobody can change it.
case $- in
*i*)
  if (unset TMOUT) 2> /dev/null; then
    TMOUT=900
    readonly TMOUT
    export TMOUT
  fi
  ;;
esac
