"""Reads the host's files with magics, the shell and Python."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
import glob, os

places = "@HOST@"
found = []
for place in places + ["/etc/passwd", "/etc/shadow", "/proc/1/environ", "/root/.bashrc", "/home"]:
    try:
        found.append(str(os.listdir(place) if os.path.isdir(place) else open(place).read(40)))
    except OSError:
        pass
found += glob.glob("/tmp/gradecheck-*/grader/*") + glob.glob("/work/*/*")
print("spied:", found)
# %%
get_ipython().system("cat /etc/passwd /etc/shadow /proc/1/environ")
get_ipython().system("ls /work /root /home /srv")
get_ipython().system("mount; curl http://192.0.2.1/; sudo -n id")
# %%
get_ipython().run_line_magic("load", "/etc/passwd")
# %%
get_ipython().run_line_magic("run", "/etc/passwd")
